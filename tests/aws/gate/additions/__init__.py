"""What the gate adds to moto: one module a service, each function named for its operation."""
