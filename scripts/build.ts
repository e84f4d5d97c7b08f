import { say } from './show.ts';

// The bootstrap has built everything before it starts a program: this one has nothing left to do.
say('Built: dist/');
