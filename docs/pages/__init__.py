"""Reference pages that follow from the code, one module for each; docs/generate.py lists them."""
