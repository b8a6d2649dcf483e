import { Agent, request as httpRequest } from 'node:http';
import { json } from 'node:stream/consumers';
import type { KeySource } from './key-source.js';
import type { Random } from './random.js';
