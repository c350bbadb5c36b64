"""Sessions as API objects of a cluster: any of N replicas answers any call, and nothing is kept between two of them."""
