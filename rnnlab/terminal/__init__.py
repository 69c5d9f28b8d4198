"""Tables, progress and messages: how things look in a terminal."""
