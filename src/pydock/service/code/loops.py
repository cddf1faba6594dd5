"""Calls that keep a process busy without listening: bots that poll, consumers, schedulers, plain loops."""

from __future__ import annotations

import ast
from collections.abc import Iterable

# (method, package that has to be imported) -> what runs; "" for any package.
_METHODS = {
    ("start_polling", "aiogram"): "aiogram",
    ("run_polling", "aiogram"): "aiogram",
    ("start_polling", "telegram"): "python-telegram-bot",
    ("run_polling", "telegram"): "python-telegram-bot",
    ("infinity_polling", "telebot"): "telebot",
    ("polling", "telebot"): "telebot",
    ("run_forever", "vkbottle"): "vkbottle",
    ("run_until_disconnected", "telethon"): "telethon",
    ("run", "pyrogram"): "pyrogram",
    ("run", "discord"): "discord",
    ("run", "nextcord"): "discord",
    ("run", "disnake"): "discord",
    ("run", "interactions"): "discord",
    ("start", "interactions"): "discord",
    ("start_consuming", "pika"): "pika",
    ("loop_forever", "paho"): "paho-mqtt",
    ("start", "apscheduler.schedulers.blocking"): "apscheduler",
    ("run_pending", "schedule"): "schedule",
    ("work", "rq"): "rq",
    ("start", "slack_bolt.adapter.socket_mode"): "slack-bolt",
    ("run_forever", "asyncio"): "asyncio",
    ("main", "faust"): "faust",
}
_MADE = {
    "kafka.KafkaConsumer": "kafka",
    "confluent_kafka.Consumer": "kafka",
    "aiokafka.AIOKafkaConsumer": "kafka",
    "aiogram.utils.executor.start_polling": "aiogram",
    "aiogram.executor.start_polling": "aiogram",
}
# Bases of `x.run(...)` that are never a bot.
_OTHERS = frozenset({"asyncio", "subprocess", "anyio", "trio", "uvicorn", "app", "web", "nest_asyncio"})


def loop_of(call: ast.Call, dotted: str, imported: Iterable[str]) -> str:
    """What a call keeps running, "" for any other call; `imported` are the dotted names that its file imports."""
    if kind := _MADE.get(dotted):
        return kind
    if not isinstance(call.func, ast.Attribute):
        return ""
    base = ast.unparse(call.func.value) if isinstance(call.func.value, ast.Name) else ""
    for (method, package), kind in _METHODS.items():
        if call.func.attr != method or (method == "run" and base in _OTHERS and kind != "pyrogram"):
            continue
        if any(name == package or name.startswith(f"{package}.") for name in imported):
            return kind
    return ""
