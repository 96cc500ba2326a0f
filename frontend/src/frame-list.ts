/** A frame without a map: a list, or what is said instead. */

import { addressWith, greetHost, whenSelected } from "./embed-host";
import { connectOpen } from "./open";

whenSelected((id) => window.location.assign(addressWith({ branch: id })));
connectOpen();
greetHost();
