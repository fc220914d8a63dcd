"""Part of ridelog."""
