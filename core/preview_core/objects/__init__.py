"""What a session is made of in Kubernetes: names, labels, stored files, derived secrets. Pure."""
