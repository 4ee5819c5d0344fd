"""The tables of the catalogue (``events``) and of its reference values (``reference``)."""
