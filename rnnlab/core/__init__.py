"""What every room shares; imports no other room of rnnlab."""
