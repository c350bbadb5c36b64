"""HTTP routes: they translate, the service decides."""
