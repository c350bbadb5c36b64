"""The operator: watches → queue → plan → apply.

Pure: `plan` and what it is made of, and the manifests. Edges: `watches`, `filewatch`, `web`. Effects: `apply`, `probe`,
`secret`. `reconciler` puts them together for one key of the queue.
"""
