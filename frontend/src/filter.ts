/** A choice in the filter takes effect at once; without scripts the button does it. */

export function connectFilter(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-filter]");
  form?.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement) {
      form.requestSubmit();
    }
  });
  // Empty fields would only lengthen the address that people share.
  form?.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData.entries()]) {
      if (value === "") {
        formData.delete(name);
      }
    }
  });
}
