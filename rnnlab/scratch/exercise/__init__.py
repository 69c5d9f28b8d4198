"""A student's own functions beside the engine: on drawn cases, in a process of their own."""
