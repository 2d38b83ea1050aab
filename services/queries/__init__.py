"""The read wing: read context, lookup, visibility, scores and grading, for whatever face shows them."""
