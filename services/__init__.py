"""What runs: the processes and all input and output."""
