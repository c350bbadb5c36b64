import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef } from 'react';
import { create } from 'zustand';

export interface Item {
  id: number;
  title: string;
  done: boolean;
}

interface Store {
  items: Item[];
  add: (title: string) => void;
  toggle: (id: number) => void;
}

export const useStore = create<Store>((set) => ({
  items: [],
  add: (title) => set(({ items }) => ({ items: [...items, { id: items.length, title, done: false }] })),
  toggle: (id) => set(({ items }) => ({ items: items.map((item) => (item.id === id ? { ...item, done: !item.done } : item)) })),
}));

export function useItems(query: string) {
  const items = useStore((state) => state.items);
  const last = useRef(query);
  const { data: total = 0, isLoading } = useQuery({ queryKey: ['total', query], queryFn: async () => items.length });
  const shown = useMemo(() => items.filter(({ title }) => title.toLowerCase().includes(query.toLowerCase())), [items, query]);
  useEffect(() => {
    last.current = query;
  }, [query]);
  return { shown, total, isLoading } as const;
}
