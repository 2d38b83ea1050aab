"""The scoring formulas against worked figures, and properties that hold for any input."""
