"""Values that every other room shares: identity, levels, attributes, queries, errors. Standard library only."""
