"""Agents, their tools, their memory and the engine that keeps their work through failures."""
