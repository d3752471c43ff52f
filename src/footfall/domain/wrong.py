"""What is wrong with a question."""


class Wrong(ValueError):
    """A query that cannot be answered: which field is wrong, and what would be right."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field} {message}")
