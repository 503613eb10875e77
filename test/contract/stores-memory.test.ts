import t from 'tap';
import { memoryStore } from '../../src/token/stores/memory.ts';
import { storeContract } from './store-contract.ts';

storeContract(t, 'memory', () => memoryStore());
