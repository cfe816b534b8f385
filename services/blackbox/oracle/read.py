"""What a recording holds, read in order with every CRC checked, then by its summary: the lines of README.md. The path of the file
is the first line of standard input.
"""
import sys
from collections import Counter

from mcap.reader import SeekingReader
from mcap.records import Channel, Message, Metadata, Schema, Statistics
from mcap.stream_reader import StreamReader


def texts(values):
    return "\t".join(f"{key}={values[key]}" for key in sorted(values))


def in_order(file):
    messages = 0
    said = Counter()
    for record in StreamReader(file, validate_crcs=True).records:
        if isinstance(record, Schema):
            said[f"schema\t{record.id}\t{record.name}\t{record.encoding}\t{record.data.hex()}"] += 1
        elif isinstance(record, Channel):
            about = texts(record.metadata)
            said[f"channel\t{record.id}\t{record.schema_id}\t{record.topic}\t{record.message_encoding}\t{about}"] += 1
        elif isinstance(record, Message):
            messages += 1
            times = f"{record.log_time}\t{record.publish_time}"
            print(f"message\t{record.channel_id}\t{record.sequence}\t{times}\t{record.data.hex()}")
        elif isinstance(record, Metadata):
            print(f"metadata\t{record.name}\t{texts(record.metadata)}")
        elif isinstance(record, Statistics):
            print(f"statistics\t{record.message_count}\t{record.schema_count}\t{record.channel_count}")
            for channel in sorted(record.channel_message_counts):
                print(f"of channel\t{channel}\t{record.channel_message_counts[channel]}")
    for line in sorted(said):
        print(f"{line}\ttimes={said[line]}")
    print(f"in order\t{messages}")


def by_summary(file):
    reader = SeekingReader(file, validate_crcs=True)
    for record in reader.iter_metadata():
        print(f"indexed metadata\t{record.name}")
    messages, last = 0, 0
    for _, _, message in reader.iter_messages():
        if message.log_time < last:
            raise ValueError("the index is not in order")
        last = message.log_time
        messages += 1
    print(f"by summary\t{len(reader.get_summary().chunk_indexes)}\t{messages}")


with open(sys.stdin.readline().rstrip("\n"), "rb") as recording:
    in_order(recording)
    recording.seek(0)
    by_summary(recording)
