"""Recognition: thanks and praise that everybody in the workspace may read."""
