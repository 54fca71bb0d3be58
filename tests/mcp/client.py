"""Drives `j2v mcp` with the Python SDK of the Model Context Protocol: handshake, every tool, progress, cancel, a client
that vanishes in the middle of a wait, bad lines, a hundred calls at once. Usage: client.py J2V FOLDER"""

import asyncio
import json
import os
import subprocess
import sys
import urllib.request
from datetime import timedelta

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

PROGRAM, FOLDER = sys.argv[1], sys.argv[2]
MOVIE = {"resolution": "sd", "scenes": [{"duration": 2, "background-color": "#102030", "elements": [{"type": "text", "text": "{{title}}"}]}], "variables": {"title": "one"}}
BROKEN = {"resolution": "sd", "scenes": [{"duration": 2, "elements": [{"type": "video"}]}]}
TOOLS = ["check_movie", "explain", "describe_movie_format", "preview_movie", "render_movie", "wait_render", "list_renders", "account"]


def server(*more):
    return StdioServerParameters(command=PROGRAM, args=["mcp", "--emulate", "--root", FOLDER, *more], env=dict(os.environ))


def said(result):
    return result.content[0].text


async def told(session, tool, **arguments):
    result = await session.call_tool(tool, arguments)
    failed = getattr(result, "isError", None)
    failed = getattr(result, "is_error", False) if failed is None else failed
    return json.loads(said(result)), failed


async def every_tool():
    async with stdio_client(server()) as (read, write), ClientSession(read, write) as session:
        hello = await session.initialize()
        info = getattr(hello, "serverInfo", None) or hello.server_info
        assert info.name == "j2v", info
        assert len(hello.instructions) <= 700, len(hello.instructions)
        listed = await session.list_tools()
        assert [tool.name for tool in listed.tools] == TOOLS, listed.tools
        size = len(listed.model_dump_json(exclude_none=True, by_alias=True))
        assert size <= 6000, f"tools/list has {size} bytes"
        for tool in listed.tools:
            schema = json.dumps(getattr(tool, "inputSchema", None) or tool.input_schema)
            assert "$defs" not in schema and "$schema" not in schema and '["string"' not in schema, schema

        found, failed = await told(session, "check_movie", movie=BROKEN)
        assert not failed and found["exit"] == 3 and found["results"][0]["code"] == "J2V064", found
        found, failed = await told(session, "check_movie", movie=MOVIE)
        assert not failed and found["exit"] == 0 and found["plan"]["duration"] == 2, found
        why = said(await session.call_tool("explain", {"what": "J2V064"}))
        assert "src" in why, why
        why, failed = await told(session, "explain", what="Movie duration cannot be zero")
        assert not failed and why["results"][0]["cure"], why
        topics, _ = await told(session, "describe_movie_format")
        assert "transition" in topics["topics"], topics
        part, _ = await told(session, "describe_movie_format", topic="transition")
        assert "style" in json.dumps(part), part
        _, failed = await told(session, "describe_movie_format", topic="nonsense")
        assert failed

        refused, failed = await told(session, "render_movie", movie=MOVIE, key="mcp-1")
        assert failed and "nothing was sent" in refused["message"], refused
        refused, failed = await told(session, "render_movie", movie=MOVIE, key="mcp-1", max_credits=1)
        assert failed and refused["exit"] == 5, refused
        first, failed = await told(session, "render_movie", movie=MOVIE, key="mcp-1", max_credits=10)
        assert not failed, first
        again, failed = await told(session, "render_movie", movie=MOVIE, key="mcp-1", confirm=True)
        assert not failed and again["results"][0]["project"] == first["results"][0]["project"], (first, again)
        other, failed = await told(session, "render_movie", movie=MOVIE, key="mcp-1", confirm=True, variables={"title": "two"})
        assert failed and other["exit"] == 13, other

        done = {"call_again": True}
        while done.get("call_again"):
            done, failed = await told(session, "wait_render", render="mcp-1", seconds=20, save_to="videos")
        assert not failed and done["results"][0]["status"] == "done", done
        assert os.path.getsize(done["results"][0]["file"]) > 0, done
        listed, failed = await told(session, "list_renders")
        assert not failed and listed["results"][0]["key"] == "mcp-1", listed
        account, failed = await told(session, "account")
        assert not failed and account["results"][0]["credits"] > 0, account

        for outside in ["../secret.json", "/etc/passwd"]:
            refused, failed = await told(session, "check_movie", path=outside)
            assert failed and "outside" in refused["message"], refused


async def a_hundred_calls_at_once():
    async with stdio_client(server("--read-only")) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        listed = await session.list_tools()
        assert "render_movie" not in [tool.name for tool in listed.tools]
        answers = await asyncio.gather(*(told(session, "check_movie", movie=BROKEN) for _ in range(100)))
        assert all(answer["exit"] == 3 for answer, _ in answers), answers


async def a_preview_is_served_while_the_session_lasts():
    async with stdio_client(server("--read-only")) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        shown, failed = await told(session, "preview_movie", movie=MOVIE)
        assert not failed and shown["url"].startswith("http://127.0.0.1:"), shown
        with await asyncio.to_thread(urllib.request.urlopen, shown["url"], timeout=20) as page:
            assert page.status == 200 and b"<html" in page.read().lower()


async def progress_and_cancel():
    heard = []

    async def hear(progress, total, message):
        heard.append((progress, total))

    async with stdio_client(server()) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        started, failed = await told(session, "render_movie", movie=MOVIE, key="mcp-2", confirm=True, variables={"title": "three"})
        assert not failed, started
        await session.call_tool("wait_render", {"render": "mcp-2", "seconds": 1}, progress_callback=hear)
        assert heard and heard[0][1] == 1.0, heard
        waiting = asyncio.create_task(session.call_tool("wait_render", {"render": "mcp-2", "seconds": 50}))
        await asyncio.sleep(0)
        waiting.cancel()
        answer, _ = await told(session, "account")
        assert answer["ok"], answer


def a_client_that_vanishes_loses_nothing():
    """The client's process ends in the middle of a wait: the render goes on, and its key finds it."""
    child = subprocess.Popen([PROGRAM, "mcp", "--emulate", "--root", FOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(message, answered=True):
        child.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        child.stdin.flush()
        while answered:
            answer = json.loads(child.stdout.readline())
            if answer.get("id") == message["id"]:
                return answer

    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    ask({"id": 1, "method": "initialize", "params": hello})
    ask({"method": "notifications/initialized"}, answered=False)
    # What is not understood is answered or passed over; the session goes on.
    for bad in ["", "nonsense", "{", "[]", "null", '{"jsonrpc":"2.0","id":7}']:
        child.stdin.write(bad + "\n")
    assert "error" in ask({"id": 2, "method": "no/such/method", "params": {}})
    assert "result" in ask({"id": 3, "method": "tools/list", "params": None})
    assert "result" in ask({"id": 4, "method": "ping"})
    assert "error" in ask({"id": 5, "method": "tools/call", "params": {"name": "no_such_tool", "arguments": {}}})
    rendered = ask({"id": 6, "method": "tools/call", "params": {"name": "render_movie", "arguments": {"movie": MOVIE, "key": "mcp-3", "confirm": True}}})
    project = json.loads(rendered["result"]["content"][0]["text"])["results"][0]["project"]
    ask({"id": 8, "method": "tools/call", "params": {"name": "wait_render", "arguments": {"render": "mcp-3", "seconds": 50}}}, answered=False)
    child.stdin.close()
    assert child.wait(timeout=20) == 0
    attached = subprocess.run([PROGRAM, "poll", "mcp-3", "--emulate", "--json"], capture_output=True, text=True, timeout=60)
    assert json.loads(attached.stdout)["project"] == project, attached


async def main():
    await every_tool()
    await a_hundred_calls_at_once()
    await a_preview_is_served_while_the_session_lasts()
    await progress_and_cancel()


asyncio.run(asyncio.wait_for(main(), timeout=240))
a_client_that_vanishes_loses_nothing()
print("all held")
