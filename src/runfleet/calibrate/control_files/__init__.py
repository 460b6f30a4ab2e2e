"""The files that PEST works with: read, and looked at for mistakes, before it does."""
