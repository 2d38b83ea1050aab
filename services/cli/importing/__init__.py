"""Reading files of readings, mapping their columns, and sending them with a receipt per row."""
