"""Schema, composing and building: the only room that knows Hydra."""
