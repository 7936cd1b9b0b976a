import { attributeName } from './attributes.ts';
import { rootAddressAt, type Hdf5File } from './hdf5File.ts';
import { messageType, readMessages } from './objectHeader.ts';

/**
 * The file with a text attribute of its outermost group added or replaced. What was there stays where it is: the text and a new
 * header of the group, with the messages of the old one, follow at the end, and the superblock points to that.
 */
export function addText(file: Hdf5File, name: string, text: string): Uint8Array {
  const { bytes } = file;
  if (bytes.u8(8) > 1 || bytes.u8(file.rootAddress) !== 1) throw bytes.unsupported('is in HDF5\'s latest form, to which nothing can be added');
  const content = Buffer.from(text, 'utf8');
  const heapAddress = padded(bytes.bytes.length);
  const heap = globalHeap(content);
  const kept = readMessages(bytes, file.rootAddress).filter((message) => message.type !== messageType.attribute || attributeName(bytes, message) !== name);
  const messages = [
    ...kept.map((message) => headerMessage(message.type, message.flags, bytes.slice(message.at, message.size))),
    headerMessage(messageType.attribute, 0, attribute(name, content.length, heapAddress)),
  ];
  const body = Buffer.concat(messages);
  const header = Buffer.alloc(16);
  header.writeUInt8(1, 0);
  header.writeUInt16LE(messages.length, 2);
  header.writeUInt32LE(bytes.u32(file.rootAddress + 4), 4);
  header.writeUInt32LE(body.length, 8);
  const headerAddress = heapAddress + heap.length;
  const result = Buffer.concat([bytes.bytes, Buffer.alloc(heapAddress - bytes.bytes.length), heap, header, body]);
  const root = rootAddressAt(bytes);
  result.writeBigUInt64LE(BigInt(headerAddress), root);
  // The end of the file stands three addresses before the root's.
  result.writeBigUInt64LE(BigInt(result.length), root - 24);
  return result;
}

const padded = (size: number): number => Math.ceil(size / 8) * 8;

function headerMessage(type: number, flags: number, content: Uint8Array): Buffer {
  const message = Buffer.alloc(8 + padded(content.length));
  message.writeUInt16LE(type, 0);
  message.writeUInt16LE(message.length - 8, 2);
  message.writeUInt8(flags, 4);
  message.set(content, 8);
  return message;
}

/** A collection of the global heap with one object, no smaller than HDF5 makes them (4096 bytes); the rest of it is free. */
function globalHeap(content: Uint8Array): Buffer {
  const used = 32 + padded(content.length);
  const heap = Buffer.alloc(Math.max(4096, used + 16));
  heap.write('GCOL', 0, 'latin1');
  heap.writeUInt8(1, 4);
  heap.writeBigUInt64LE(BigInt(heap.length), 8);
  heap.writeUInt16LE(1, 16);
  heap.writeUInt16LE(1, 18);
  heap.writeBigUInt64LE(BigInt(content.length), 24);
  heap.set(content, 32);
  heap.writeBigUInt64LE(BigInt(heap.length - used), used + 8);
  return heap;
}

/** An attribute that holds one text of any length in UTF-8, which stands as object 1 in a heap. */
function attribute(name: string, length: number, heapAddress: number): Buffer {
  const label = Buffer.from(`${name}\0`, 'utf8');
  const message = Buffer.alloc(8 + padded(label.length) + 16 + 8 + 16);
  message.writeUInt8(1, 0);
  message.writeUInt16LE(label.length, 2);
  message.writeUInt16LE(16, 4);
  message.writeUInt16LE(8, 6);
  message.set(label, 8);
  const type = 8 + padded(label.length);
  // Variable length, of class text, in UTF-8, 16 bytes a reference; its base type is a text of one byte.
  message.set([0x19, 0x01, 0x01, 0x00, 16, 0, 0, 0, 0x13, 0x10, 0x00, 0x00, 1, 0, 0, 0], type);
  message.writeUInt8(1, type + 16);
  message.writeUInt32LE(length, type + 24);
  message.writeBigUInt64LE(BigInt(heapAddress), type + 28);
  message.writeUInt32LE(1, type + 36);
  return message;
}
