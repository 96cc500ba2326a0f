"""Reading lists of branches and comparing them to what is stored."""
