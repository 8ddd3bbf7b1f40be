"""boto3, with each batch committed to SQLite (synchronous=FULL) before it is deleted.   consumer.py QUEUE_URL DATABASE"""

import sqlite3
import sys

import boto3

url, path = sys.argv[1:]
database = sqlite3.connect(path)
database.execute("PRAGMA journal_mode=WAL")
database.execute("PRAGMA synchronous=FULL")
database.execute("CREATE TABLE IF NOT EXISTS message (id TEXT PRIMARY KEY, body TEXT)")
sqs = boto3.client("sqs", region_name="us-east-1")
while True:
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=20).get("Messages", [])
    if messages:
        with database:
            database.executemany("INSERT OR IGNORE INTO message VALUES (?, ?)", [(m["MessageId"], m["Body"]) for m in messages])
        sqs.delete_message_batch(QueueUrl=url, Entries=[
            {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)])
