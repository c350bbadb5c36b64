"""PreviewSession and PreviewRuntime: the models that the API, the operator and the YAML in `crds/` share."""
