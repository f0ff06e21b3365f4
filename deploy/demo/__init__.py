"""The demonstration: the main job of the province on real data, over the public API alone."""
