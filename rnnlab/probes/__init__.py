"""Ways of looking at a net: gradients, states, similarity, pairs, attribution, diagnosis."""
