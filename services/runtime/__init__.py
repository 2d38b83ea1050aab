"""What all processes share: settings, logging, the event loop, and the frame of the workers."""
