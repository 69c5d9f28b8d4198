"""Readers, tokenizers, vocabulary, vectors, the encoded corpus, insertion and batching."""
