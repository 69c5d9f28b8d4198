"""Bag of embeddings and recurrent classifiers as torch modules."""
