"""A letter of any format, read into what is dated in it. Pure: no Flask, no store."""
