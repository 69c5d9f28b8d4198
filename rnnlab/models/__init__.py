"""Bag of embeddings and recurrent nets as torch modules."""
