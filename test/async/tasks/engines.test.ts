import { BackgroundTaskManager } from '../../../src/async/tasks/background-task-manager.js';
import { ThreadTaskManager } from '../../../src/async/tasks/thread-task-manager.js';
import { describeEngine } from './engine-contract.js';

describeEngine('BackgroundTaskManager', { open: () => new BackgroundTaskManager({ limit: 1 }) });
describeEngine('ThreadTaskManager', { open: () => new ThreadTaskManager({ threads: 1 }) });
