import { expect, it } from "vitest";
import { orFullDisk } from "./file-place.ts";
import type { Failure } from "./messages.ts";

const MIB = 1024 * 1024;
const unreadable: Failure = { code: "storage-unavailable", message: "The database file cannot be read or written." };
const disk = (freeBytes: number) => () => ({ freeBytes, sizeBytes: 64 * MIB });

it("tells a full disk at the start as full, with its size, whatever SQLite called it", () => {
  const told = { code: "storage-full", message: "the disk of /data is full: 12.0 KiB of 64.0 MiB are free" };
  expect(orFullDisk(unreadable, "/data/headroom.db", disk(12 * 1024))).toEqual(told);
  const full: Failure = { code: "storage-full", message: "The disk or its quota is full." };
  expect(orFullDisk(full, "/data/headroom.db", disk(12 * 1024))).toEqual(told);
});

it("leaves other failures as they are, and those of a disk with room or without figures", () => {
  expect(orFullDisk(unreadable, "/data/headroom.db", disk(2 * MIB))).toBe(unreadable);
  expect(orFullDisk(unreadable, "/data/headroom.db", () => null)).toBe(unreadable);
  const newer: Failure = { code: null, message: "start a newer version" };
  expect(orFullDisk(newer, "/data/headroom.db", disk(0))).toBe(newer);
});
