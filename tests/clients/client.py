"""Calls a tool of plausible-mcp: its name and arguments as JSON; prints what it gives. Which server and key is told by its own environment."""

import json
import sys

from plausible_mcp import server

tool, arguments = json.loads(sys.argv[1])
print(getattr(server, tool)(**arguments))
