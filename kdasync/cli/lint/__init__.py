"""`kdasync lint`: what the API server would say, without one."""
