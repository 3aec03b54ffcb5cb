"""The north agency's scene, as the tests of imports have it."""

from tests.access.imports.conftest import scene

__all__ = ["scene"]
