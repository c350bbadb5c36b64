"""The measurement that `make bench` prints: this product beside bare Vite and the seed's naive server."""
