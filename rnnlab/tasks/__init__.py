"""What is asked of a sequence: data, head, loss and metrics."""
