"""The same endpoint as most would build it first: FastAPI, pydantic, SQLAlchemy, one commit a request."""
