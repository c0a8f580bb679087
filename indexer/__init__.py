"""From knowledge to search: articles become passages, passages an index, hits topics with a confidence.

Usable without the api package, and the only road from `knowledge/` to search.
"""
