"""Measurements as commands of the product: `veivis bench …`. Nothing here is used by the service itself."""
