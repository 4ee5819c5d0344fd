"""How the whole service stands: for editors, for an operator and for their monitoring."""
