//! What a recording holds, read in order with every CRC checked, then by its summary: the lines of README.md. The path of the file
//! is the first line of standard input.
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Cursor, Read};

use mcap::records::Record;
use mcap::sans_io::indexed_reader::{IndexedReadEvent, IndexedReader};
use mcap::sans_io::linear_reader::{LinearReadEvent, LinearReader, LinearReaderOptions};

type Failure = Box<dyn std::error::Error>;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn texts(map: &BTreeMap<String, String>) -> String {
    map.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("\t")
}

fn main() -> Result<(), Failure> {
    let mut path = String::new();
    std::io::stdin().read_to_string(&mut path)?;
    let file = std::fs::read(path.trim_end())?;
    in_order(&file)?;
    by_summary(&file)
}

/// Schemas and channels stand in the data section and again in the summary: the second ones must repeat the first.
fn in_order(file: &[u8]) -> Result<(), Failure> {
    let options = LinearReaderOptions::default()
        .with_validate_chunk_crcs(true)
        .with_validate_data_section_crc(true)
        .with_validate_summary_section_crc(true)
        .with_check_finishes_after_end_magic(true);
    let mut reader = LinearReader::new_with_options(options);
    let mut bytes = Cursor::new(file);
    let mut messages = 0u64;
    let mut said: BTreeMap<String, u32> = BTreeMap::new();
    while let Some(event) = reader.next_event() {
        match event? {
            LinearReadEvent::ReadRequest(need) => {
                let got = bytes.read(reader.insert(need))?;
                reader.notify_read(got);
            }
            LinearReadEvent::Record { data, opcode } => match mcap::parse_record(opcode, data)? {
                Record::Schema { header, data } => {
                    let line = format!("schema\t{}\t{}\t{}\t{}", header.id, header.name, header.encoding, hex(&data));
                    *said.entry(line).or_default() += 1;
                }
                Record::Channel(channel) => {
                    let about = texts(&channel.metadata);
                    let (id, schema, topic) = (channel.id, channel.schema_id, &channel.topic);
                    let line = format!("channel\t{id}\t{schema}\t{topic}\t{}\t{about}", channel.message_encoding);
                    *said.entry(line).or_default() += 1;
                }
                Record::Message { header, data } => {
                    messages += 1;
                    let (channel, sequence) = (header.channel_id, header.sequence);
                    println!("message\t{channel}\t{sequence}\t{}\t{}\t{}", header.log_time, header.publish_time, hex(&data));
                }
                Record::Metadata(record) => println!("metadata\t{}\t{}", record.name, texts(&record.metadata)),
                Record::Statistics(counts) => {
                    println!("statistics\t{}\t{}\t{}", counts.message_count, counts.schema_count, counts.channel_count);
                    for (channel, count) in &counts.channel_message_counts {
                        println!("of channel\t{channel}\t{count}");
                    }
                }
                _ => {}
            },
        }
    }
    for (line, times) in said {
        println!("{line}\ttimes={times}");
    }
    println!("in order\t{messages}");
    Ok(())
}

fn by_summary(file: &[u8]) -> Result<(), Failure> {
    let summary = mcap::Summary::read(file)?.ok_or("no summary")?;
    for index in &summary.metadata_indexes {
        println!("indexed metadata\t{}", mcap::read::metadata(file, index)?.name);
    }
    let mut reader = IndexedReader::new(&summary)?;
    let (mut messages, mut last) = (0u64, 0u64);
    while let Some(event) = reader.next_event() {
        match event? {
            IndexedReadEvent::ReadChunkRequest { offset, length } => {
                reader.insert_chunk_record_data(offset, &file[offset as usize..offset as usize + length])?;
            }
            IndexedReadEvent::Message { header, .. } => {
                if header.log_time < last {
                    return Err("the index is not in order".into());
                }
                last = header.log_time;
                messages += 1;
            }
        }
    }
    println!("by summary\t{}\t{messages}", summary.chunk_indexes.len());
    Ok(())
}
