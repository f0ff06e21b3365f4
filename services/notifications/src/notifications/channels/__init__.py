"""Ways out: each channel speaks one real protocol."""
