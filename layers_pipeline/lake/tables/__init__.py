"""Records of the lake's tables, by what they tell of; ``catalog`` has them all."""
