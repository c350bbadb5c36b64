"""A small project in the shape that the caller sends."""

INDEX = """import { createRoot } from 'react-dom/client'
import './styles.css'
import App from './App'
createRoot(document.getElementById('root')!).render(<App />)
"""
APP = """import { useState } from 'react'
import Title from './components/Title'
export default function App() {
  const [count, setCount] = useState(0)
  return <main className="p-2"><Title /><button onClick={() => setCount(count + 1)}>{count}</button></main>
}
"""
TITLE = "export default function Title() { return <h1>Hello</h1> }\n"
CSS = "@tailwind base;\n@tailwind components;\n@tailwind utilities;\n.accent { color: rgb(1, 2, 3) }\n"

FILES = {
    "src/index.tsx": INDEX,
    "src/App.tsx": APP,
    "src/components/Title.tsx": TITLE,
    "src/styles.css": CSS,
}
